// Asks for the same page again and shows what has changed, leaving open what is open and the eye where it is.
const main = () => document.querySelector("main");
const reads = () => document.hidden || !getSelection().isCollapsed;

async function refresh() {
  if (reads()) return;
  const answer = await fetch("/", { headers: { accept: "text/html" } });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
  for (const open of document.querySelectorAll("details[open]")) {
    fresh.querySelector(`#${open.id}`)?.setAttribute("open", "");
  }
  const scrolled = document.querySelector(".scroll")?.scrollTop ?? 0;
  const focused = document.activeElement?.closest("summary")?.parentElement.id;
  main().replaceWith(fresh);
  document.querySelector(".scroll")?.scrollTo({ top: scrolled });
  if (focused) document.querySelector(`#${focused} summary`)?.focus({ preventScroll: true });
  document.body.removeAttribute("data-lost");
}

async function again() {
  try {
    await refresh();
  } catch {
    document.body.dataset.lost = "";
  }
  setTimeout(again, 1000);
}
setTimeout(again, 1000);
