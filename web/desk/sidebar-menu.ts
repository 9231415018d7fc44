// A menu whose button is as wide as the sidebar.
import { customElement } from "lit/decorators.js";
import { avatarStyle } from "./avatar";
import { Menu } from "./menu";
import { sidebarButtonStyle } from "./sidebar.style";

@customElement("sidebar-menu")
export class SidebarMenu extends Menu {
  static override styles = [Menu.styles, avatarStyle, sidebarButtonStyle];

  constructor() {
    super();
    this.look = "wide";
    this.named = true;
  }
}
