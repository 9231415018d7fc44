// Runs before the first paint, so that a stored theme does not flash.
import { showTheme, storedTheme } from "./theme";

showTheme(storedTheme());
