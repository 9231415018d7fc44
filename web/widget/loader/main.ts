// `w.js`: <script async src="https://desk.example/w.js" data-key="dpl_..."></script>
import { createLauncher, type Desk } from "./launcher";

type Call = [name: keyof Desk, ...values: never[]];

const script = document.currentScript as HTMLScriptElement;
const page = window as { Desk?: Desk | Call[] | undefined };
const calls = page.Desk;

/** Runs the calls that the page has made before: window.Desk = [["open"]]. */
function install(): void {
  const desk = createLauncher(script, () => {
    page.Desk = undefined;
  });
  page.Desk = desk;
  if (Array.isArray(calls))
    for (const [name, ...values] of calls) (desk[name] as (...values: never[]) => void)(...values);
}

// A second script on the page is ignored.
if (!calls || Array.isArray(calls)) {
  if (document.body) install();
  else document.addEventListener("DOMContentLoaded", install);
}
