// A list of short texts, one in each line.
import type { TemplateResult } from "lit";
import { textField } from "../field";

interface LinesField {
  label: string;
  name: string;
  lines: readonly string[];
  rows?: number;
  hint?: string;
  placeholder?: string;
  error?: string | undefined;
  change(lines: string[]): void;
}

/** Empty lines stay while one types; the server drops them. */
export function linesField({ lines, rows = 4, change, ...rest }: LinesField): TemplateResult {
  return textField({
    ...rest,
    rows,
    value: lines.join("\n"),
    input: (value) => change(value === "" ? [] : value.split("\n")),
  });
}
