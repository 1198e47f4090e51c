#!/bin/sh
# Install Wanxiang from this bundle. No network and no root needed; doing it again does no harm.
# 从本安装包安装万象。不需要网络，也不需要 root；重复运行没有坏处。
#   sh install.sh [--to FOLDER] [--python PROGRAM] [--beside]
# FOLDER/versions/VERSION-BUILD is a Python environment of its own; FOLDER/current points to the one in use.
set -u
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 1
cd "$here" || exit 1
. ./about.env

say() { printf '%s\n%s\n' "$1" "$2"; }
refuse() { say "$1" "$2" >&2; exit 2; }

to=${HOME:-}/wanxiang wanted='' beside=''
while [ $# -gt 0 ]; do
    case $1 in
        --to | --python)
            [ $# -gt 1 ] || refuse "$1 needs a value." "$1 后面要写一个值。"
            if [ "$1" = --to ]; then to=$2; else wanted=$2; fi
            shift 2 ;;
        --beside) beside=yes; shift ;; # do not switch to it yet: wanxiang update tries it first
        *) refuse "install.sh has no option $1. Use --to FOLDER or --python PROGRAM." \
            "install.sh 没有选项 $1。可用的是 --to FOLDER 和 --python PROGRAM。" ;;
    esac
done
case $to in /*) ;; *) to=${OLDPWD:-$here}/$to ;; esac

# A Python of the very version that the wheels were made for.
fits="import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$PYTHON')"
python='' seen=''
for candidate in ${wanted:-"python$PYTHON" python3 python}; do
    command -v "$candidate" >/dev/null 2>&1 || continue
    seen=${seen:-$("$candidate" --version 2>&1 | head -n 1)}
    if "$candidate" -c "$fits" >/dev/null 2>&1; then python=$candidate; break; fi
done
[ -n "$python" ] || refuse \
    "This bundle needs Python $PYTHON; found here: ${seen:-none}. Install it, or make the bundle on a computer with your Python." \
    "本安装包需要 Python $PYTHON；这里找到的是：${seen:-没有 Python}。请安装它，或在装有您这个 Python 的电脑上重新制作安装包。"

found=$("$python" -c 'import platform as p; print(p.system(), p.machine())')
[ "$found" = "$SYSTEM $MACHINE" ] || refuse \
    "This bundle is for $SYSTEM on $MACHINE; this computer is $found. Make the bundle on a computer like this one." \
    "本安装包适用于 $MACHINE 上的 $SYSTEM；这台电脑是 $found。请在同类电脑上制作安装包。"

enough="import platform as p, sys
n = lambda t: [int(x) for x in t.split('.')[:2]]
kind, have = p.libc_ver()
sys.exit(not (kind == 'glibc' and n(have) >= n('$LIBC')))"
if [ -n "$LIBC" ] && ! "$python" -c "$enough"; then
    refuse "This bundle needs the GNU C library $LIBC or newer. Use a newer system, such as Debian 12." \
        "本安装包需要 GNU C 库 $LIBC 或更新版本。请使用较新的系统，例如 Debian 12。"
fi

umask 022
name=$VERSION-$BUILD
new=$to/versions/$name
mkdir -p "$to/versions" 2>/dev/null && [ -w "$to/versions" ] || refuse \
    "Nothing can be written in $to. Choose another folder with --to." \
    "无法写入 $to。请用 --to 选择另一个文件夹。"
free=$(df -Pk "$to" | awk 'NR == 2 {print int($4 / 1000)}')
if [ ! -e "$new/complete" ] && [ "$free" -lt "$MEGABYTES" ]; then
    refuse "Wanxiang needs $MEGABYTES MB in $to; $free MB are free. Make room, or choose another folder with --to." \
        "万象需要 $to 中有 $MEGABYTES MB 空间；现在剩 $free MB。请腾出空间，或用 --to 选择另一个文件夹。"
fi

check="import hashlib, pathlib, sys
for line in open('SHA256SUMS', encoding='utf-8'):
    wanted, name = line.rstrip('\n').split('  ', 1)
    file = pathlib.Path(name)
    if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != wanted:
        sys.exit(name)"
if ! damaged=$("$python" -c "$check" 2>&1); then
    refuse "The bundle is damaged ($damaged). Copy it again." "安装包已损坏（$damaged）。请重新复制一份。"
fi

if [ -e "$new/complete" ]; then
    say "Wanxiang $name is installed already." "万象 $name 已经安装。"
else
    say "Installing Wanxiang $name into $to. This takes a few minutes." "正在把万象 $name 安装到 $to，需要几分钟。"
    trap 'rm -rf "$new"' EXIT
    trap 'exit 1' HUP INT TERM
    rm -rf "$new"
    unset PYTHONPATH PYTHONHOME
    "$python" -m venv --without-pip "$new" || refuse \
        "$python could not make an environment in $new. Install your system's package for Python's venv." \
        "$python 无法在 $new 建立环境。请安装系统中提供 venv 的 Python 软件包。"
    PIP_CONFIG_FILE=/dev/null "$new/bin/python" pip.zip/pip --isolated --disable-pip-version-check --no-cache-dir install \
        --quiet --no-input --no-index --find-links wheels --require-hashes --no-deps -r requirements.lock || refuse \
        "The packages could not be installed; the lines above tell why. Nothing was changed." \
        "软件包安装失败，原因见上面几行。没有改动任何东西。"
    "$new/bin/python" -m voila_apps.deployment.warm || refuse \
        "The new version could not compute; the lines above tell why. Nothing was changed." \
        "新版本无法运行计算，原因见上面几行。没有改动任何东西。"
    cp about.env "$new/about.env" && : >"$new/complete" || exit 1
    trap - EXIT
fi
[ -z "$beside" ] || exit 0

# Point to the new one in a single step, and remember the one before it.
switch="import os, sys
root, new = sys.argv[1:]
def point(name, target):
    partial = os.path.join(root, '.' + name)
    if os.path.lexists(partial): os.remove(partial)
    os.symlink(target, partial)
    os.replace(partial, os.path.join(root, name))
current = os.path.join(root, 'current')
old = os.readlink(current) if os.path.islink(current) else ''
if old and old != new: point('previous', old)
point('current', new)
point('wanxiang', 'current/bin/wanxiang')"
"$python" -c "$switch" "$to" "versions/$name" || exit 1
say "Wanxiang is ready. Start it with: $to/wanxiang serve" "万象已就绪。启动命令：$to/wanxiang serve"
