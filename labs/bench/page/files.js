// A file that the bench hands over becomes a download, without any address on the server.
export function saveFile({name, mime}, content) {
  const bytes = content?.buffer ? new Uint8Array(content.buffer, content.byteOffset ?? 0, content.byteLength) : content;
  const address = URL.createObjectURL(new Blob([bytes ?? ""], {type: mime ?? "application/octet-stream"}));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}
