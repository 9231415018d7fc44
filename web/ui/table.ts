// Tables: numbers line up, and on a narrow screen every row becomes a block of labelled values.
import { css, html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "./icons";

export interface Column<Row> {
  label: string;
  cell: (row: Row) => unknown;
  /** Numbers, aligned at their end. */
  figures?: boolean;
  /** Hidden on narrow screens; its value must appear elsewhere too. */
  minor?: boolean;
  /** A column of buttons has its label for screen readers only. */
  actions?: boolean;
  /** Takes a line of its own where rows are blocks. */
  wide?: boolean;
  /** This column's summary in the heading of a group. */
  sum?: (rows: Row[]) => unknown;
}

/** Rows under a heading that expands and collapses them. */
export interface Group<Row> {
  title: string;
  note: unknown;
  rows: Row[];
  open: boolean;
  toggle: () => void;
}

export function table<Row>(
  caption: string,
  columns: Column<Row>[],
  rows: Row[],
  key: (row: Row) => unknown,
): TemplateResult {
  return frame(caption, columns, html`<tbody>${bodyRows(columns, rows, key)}</tbody>`);
}

export function groupedTable<Row>(
  caption: string,
  columns: Column<Row>[],
  groups: Group<Row>[],
  key: (row: Row) => unknown,
): TemplateResult {
  const bodies = repeat(
    groups,
    ({ title }) => title,
    (group) => html`<tbody class="group">
      ${groupHead(columns, group)} ${group.open ? bodyRows(columns, group.rows, key) : nothing}
    </tbody>`,
  );
  return frame(caption, columns, bodies);
}

function look<Row>(column: Column<Row>): string {
  return [
    column.figures && "figures",
    column.actions && "actions",
    column.minor && "minor",
    column.wide && "wide",
  ]
    .filter(Boolean)
    .join(" ");
}

function frame<Row>(caption: string, columns: Column<Row>[], bodies: unknown): TemplateResult {
  return html`<div class="table"><table>
    <caption class="only-read">
      ${caption}
    </caption>
    <thead>
      <tr>
        ${columns.map(
          (column) =>
            html`<th scope="col" class=${look(column)}>${column.actions ? html`<span class="only-read">${column.label}</span>` : column.label}</th>`,
        )}
      </tr>
    </thead>
    ${bodies}
  </table></div>`;
}

function groupHead<Row>(
  columns: Column<Row>[],
  { title, note, rows, open, toggle }: Group<Row>,
): TemplateResult {
  return html`<tr>
    <th scope="rowgroup">
      <button class="toggle" type="button" aria-expanded=${open} @click=${toggle}>${icon("forward")}${title}</button>
      <small class="note soft ${columns[1]?.sum ? "" : "over"}">${note}</small>
    </th>
    ${columns.slice(1).map((column) => valueCell(column, column.sum?.(rows) ?? nothing))}
  </tr>`;
}

function bodyRows<Row>(columns: Column<Row>[], rows: Row[], key: (row: Row) => unknown): unknown {
  return repeat(
    rows,
    key,
    (row) => html`<tr>${columns.map((column, index) => bodyCell(column, row, index === 0))}</tr>`,
  );
}

function bodyCell<Row>(column: Column<Row>, row: Row, first: boolean): TemplateResult {
  return first
    ? html`<th scope="row" class=${look(column)}>${column.cell(row)}</th>`
    : valueCell(column, column.cell(row));
}

function valueCell<Row>(column: Column<Row>, value: unknown): TemplateResult {
  return html`<td class=${look(column)} data-label=${column.actions ? nothing : column.label}>${value}</td>`;
}

export const tableStyle = css`
  /* The padding keeps focus rings from being cut. The first two layers move with the contents: they cover the shade of an edge that nothing is behind. */
  .table {
    /* What is for screen readers only is cut off with the rest. */
    position: relative;
    --shade-edge: color-mix(in srgb, var(--line-strong) 55%, transparent);
    margin-inline: -4px;
    padding-inline: 4px;
    overflow-x: auto;
    background:
      linear-gradient(to right, var(--paper) 40%, transparent) left / 2.5rem 100% local,
      linear-gradient(to left, var(--paper) 40%, transparent) right / 2.5rem 100% local,
      linear-gradient(to right, var(--shade-edge), transparent) left / 0.75rem 100% scroll,
      linear-gradient(to left, var(--shade-edge), transparent) right / 0.75rem 100% scroll;
    background-repeat: no-repeat;
  }
  table {
    inline-size: 100%;
    border-collapse: collapse;
    font-size: var(--t2);
  }
  th,
  td {
    padding: 0.4rem var(--s3) 0.4rem 0;
    border-block-end: 1px solid var(--line);
    text-align: start;
    vertical-align: baseline;
    font-weight: 400;
    /* Not "anywhere": a column is never narrower than its longest word. */
    overflow-wrap: break-word;
  }
  thead th {
    color: var(--ink-soft);
    font-size: var(--t1);
    white-space: nowrap;
  }
  tbody th {
    font-weight: 500;
  }
  .group > :first-child > * {
    padding-block: 0.5rem;
    font-weight: 600;
  }
  .group > :not(:first-child) > th {
    padding-inline-start: 1.5rem;
  }
  .toggle {
    padding: 0;
    border: 0;
    background: none;
    font-weight: 600;
    text-align: start;
    overflow-wrap: anywhere;
    cursor: pointer;
  }
  .toggle svg {
    margin-inline-end: var(--s1);
    color: var(--ink-soft);
    transition: rotate var(--quick);
  }
  .toggle[aria-expanded="true"] svg {
    rotate: 90deg;
  }
  .group .note {
    display: inline;
    margin-inline-start: var(--s1);
    font-size: var(--t1);
    font-weight: 400;
  }
  /* Nothing is said in the next column, so there is room. */
  .group .note.over {
    display: inline-block;
    inline-size: 0;
    white-space: nowrap;
  }
  th a,
  td a {
    text-decoration-color: transparent;
  }
  th a:hover,
  td a:hover {
    text-decoration-color: currentColor;
  }
  .figures + :not(.figures) {
    padding-inline-start: var(--s4);
  }
  tbody tr:hover {
    background: color-mix(in srgb, var(--sunken) 60%, transparent);
  }
  th.figures,
  td.figures {
    text-align: end;
    white-space: nowrap;
    font-variant-numeric: tabular-nums;
  }
  th:last-child,
  td:last-child {
    padding-inline-end: 0;
  }
  td.actions {
    text-align: end;
    white-space: nowrap;
  }
  /* A row is as high with a button as without. */
  td.actions .button {
    margin-block: -0.35rem;
  }
  @media (max-width: 78rem) {
    .minor {
      display: none;
    }
  }
  @media (max-width: 45rem) {
    table,
    tbody {
      display: block;
    }
    thead {
      display: none;
    }
    tr {
      display: grid;
      grid-template-columns: repeat(6, minmax(0, 1fr));
      gap: var(--s2) var(--s3);
      padding-block: var(--s3);
      border-block-end: 1px solid var(--line);
    }
    th,
    td,
    .figures + :not(.figures) {
      padding: 0;
      border: 0;
    }
    tbody th,
    td {
      overflow-wrap: anywhere;
    }
    .group > :first-child > *,
    .group > :not(:first-child) > th {
      padding: 0;
    }
    td {
      grid-column: span 3;
    }
    .group .note.over {
      display: inline;
      white-space: normal;
    }
    td:empty {
      display: none;
    }
    td.actions .button {
      margin-block: 0;
    }
    td.figures {
      grid-column: span 2;
    }
    td[data-label]:not(:empty, .minor) {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      align-content: start;
    }
    td[data-label]::before {
      content: attr(data-label);
      color: var(--ink-soft);
      font-size: var(--t1);
    }
    th.figures,
    td.figures {
      text-align: start;
      white-space: normal;
    }
    tbody th,
    td.actions,
    td.wide {
      grid-column: 1 / -1;
      text-align: start;
    }
  }
`;
