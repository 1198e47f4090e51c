// Home: a class that was just chosen by its file's name fills its own field.
const form = document.querySelector(".class-form");
const file = form?.elements.list;
file?.addEventListener("change", () => {
  const stem = file.files[0]?.name.replace(/\.[^.]*$/, "") ?? "";
  if (!form.elements.name.value) form.elements.name.value = stem.slice(0, 20);
});
