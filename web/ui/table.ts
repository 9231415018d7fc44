// Tables: figures line up, and on a narrow screen every row becomes a block of labelled values.
import { css, html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";

export interface Column<Row> {
  label: string;
  cell: (row: Row) => unknown;
  /** Figures are aligned at their end. */
  figures?: boolean;
  /** Left out where there is little room; whoever shows it says the same elsewhere. */
  minor?: boolean;
  /** A column of buttons has its label for screen readers only. */
  actions?: boolean;
}

export function table<Row>(caption: string, columns: Column<Row>[], rows: Row[], key: (row: Row) => unknown): TemplateResult {
  const look = (column: Column<Row>) => `${column.figures ? "figures" : column.actions ? "actions" : ""} ${column.minor ? "minor" : ""}`;
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
    <tbody>
      ${repeat(rows, key, (row) => html`<tr>${columns.map((column, index) => bodyCell(column, row, index === 0, look(column)))}</tr>`)}
    </tbody>
  </table></div>`;
}

function bodyCell<Row>(column: Column<Row>, row: Row, first: boolean, look: string): TemplateResult {
  return first
    ? html`<th scope="row" class=${look}>${column.cell(row)}</th>`
    : html`<td class=${look} data-label=${column.actions ? nothing : column.label}>${column.cell(row)}</td>`;
}

export const tableStyle = css`
  /* The padding keeps focus rings from being cut. */
  .table {
    margin-inline: -4px;
    padding-inline: 4px;
    overflow-x: auto;
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
    vertical-align: top;
    font-weight: 400;
    overflow-wrap: anywhere;
  }
  thead th {
    color: var(--ink-soft);
    font-size: var(--t1);
    white-space: nowrap;
    overflow-wrap: normal;
  }
  tbody th {
    font-weight: 500;
    overflow-wrap: break-word;
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
  @media (min-width: 45rem) and (max-width: 64rem) {
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
    tbody th {
      overflow-wrap: anywhere;
    }
    td {
      grid-column: span 3;
    }
    td.figures {
      grid-column: span 2;
    }
    td[data-label] {
      display: grid;
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
    td.actions {
      grid-column: 1 / -1;
      text-align: start;
    }
  }
`;
