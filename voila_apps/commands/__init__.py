"""The commands of `wanxiang`, a few to a file. Heavy imports wait until a command runs, so that `--help` is quick."""
