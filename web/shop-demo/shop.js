// Shows the chat whose snippet was pasted here. A real shop has the snippet in its pages.
// The address may have it too: ?key=dpl_...&base=https://desk.example

const STORED = "shop.snippet";
const form = document.getElementById("embed");
const problem = document.getElementById("problem");

/** Returns the address of the script and its data attributes. */
function parse(snippet) {
  const src = /\ssrc=["']?(https?:\/\/[^"'\s>]+)/.exec(snippet)?.[1];
  const attributes = [...snippet.matchAll(/\s(data-[a-z-]+)=["']([^"']*)["']/g)];
  const data = Object.fromEntries(attributes.map(([, name, value]) => [name, value]));
  return src && data["data-key"] ? { src, data } : null;
}

function show({ src, data }) {
  window.Desk?.destroy?.();
  const script = document.createElement("script");
  script.async = true;
  script.src = src;
  for (const [name, value] of Object.entries(data)) script.setAttribute(name, value);
  script.onerror = () => {
    if (problem) problem.textContent = `The script did not load from ${new URL(src).origin}.`;
  };
  document.head.append(script);
}

const address = new URLSearchParams(location.search);
const [key, base] = [address.get("key"), address.get("base")];
if (key && base)
  localStorage.setItem(STORED, `<script async src="${base}/w.js" data-key="${key}"></script>`);

const stored = localStorage.getItem(STORED) ?? "";
const known = parse(stored);
if (known) show(known);

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const snippet = form.elements.snippet.value.trim();
  const parsed = parse(snippet);
  problem.textContent = parsed ? "" : "This is not the snippet of a chatbot.";
  if (!parsed) return;
  localStorage.setItem(STORED, snippet);
  show(parsed);
});

form?.addEventListener("reset", () => {
  localStorage.removeItem(STORED);
  problem.textContent = "";
  window.Desk?.destroy?.();
});

if (form) form.elements.snippet.defaultValue = "";
if (form) form.elements.snippet.value = stored;

for (const button of document.querySelectorAll("[data-chat]"))
  button.addEventListener("click", () => window.Desk?.open?.());
