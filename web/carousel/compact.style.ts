// Tables of few short cells stay tables on a phone.
import { css } from "lit";

export const compactStyle = css`
  @media (max-width: 45rem) {
    .compact table {
      display: table;
    }
    .compact thead {
      display: table-header-group;
    }
    .compact tbody {
      display: table-row-group;
    }
    .compact tr {
      display: table-row;
    }
    .compact :is(th, td) {
      padding: 0.4rem var(--s2) 0.4rem 0;
      border-block-end: 1px solid var(--line);
    }
    .compact td[data-label]:not(:empty, .minor) {
      display: table-cell;
    }
    .compact td[data-label]::before {
      content: none;
    }
    .compact :is(th, td).figures {
      text-align: end;
      white-space: nowrap;
    }
    .compact :is(th, td):last-child {
      padding-inline-end: 0;
    }
  }
`;
