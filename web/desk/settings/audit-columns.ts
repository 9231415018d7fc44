// Columns of the audit.
import { html, nothing } from "lit";
import type { Column } from "../../ui/table";
import "../../ui/time";
import type { AuditEntry } from "../contract";
import type { Names } from "../words";

/** Says an action such as `member.removed` in words. */
export function actionWords(action: string): string {
  const [thing = "", verb = ""] = action.split(".");
  const words = (text: string) => text.replaceAll("_", " ");
  const subject = thing === "chatbot" ? "bot" : thing === "tenant" ? "workspace" : words(thing);
  const text = `${subject} ${words(verb)}`.trim();
  return `${text[0]?.toUpperCase() ?? ""}${text.slice(1)}`;
}

function actorWords({ actor }: AuditEntry, names: Names): string {
  switch (actor.kind) {
    case "person":
      return names.person(actor.id);
    case "platform":
      return "An operator of the platform";
    case "operator":
      // Members do not learn which one.
      return actor.id === "operator" ? "An operator of the platform" : `Operator ${actor.id}`;
    case "key":
      return `Key ${actor.id.slice(-6)}`;
    default:
      return "Desk";
  }
}

export function auditColumns(names: Names): Column<AuditEntry>[] {
  return [
    { label: "When", cell: ({ at }) => html`<cf-time at=${Date.parse(at)}></cf-time>` },
    { label: "What", cell: ({ action }) => actionWords(action) },
    { label: "By", cell: (entry) => html`<bdi>${actorWords(entry, names)}</bdi>` },
    {
      label: "On",
      wide: true,
      cell: ({ target, note }) =>
        html`<bdi class="mono">${target}</bdi>${note ? html`<br /><span dir="auto">${note}</span>` : nothing}`,
    },
    { label: "From", minor: true, cell: ({ source }) => html`<bdi>${source ?? ""}</bdi>` },
  ];
}
