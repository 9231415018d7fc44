// Runs before the first paint, so that a theme chosen earlier does not flash in from the other one.
import { showTheme, storedTheme } from "./theme";

showTheme(storedTheme());
