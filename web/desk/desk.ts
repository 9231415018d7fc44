// The parts of a signed-in console, which its elements share.

import { toast } from "../ui/toast";
import { Api } from "./api";
import { ConversationActions } from "./inbox/actions";
import { DraftStore } from "./inbox/draft-store";
import { Inbox } from "./inbox/inbox";
import { InboxSocket } from "./inbox/socket";
import { Keys } from "./keys";
import { type Action, may } from "./permissions";
import { readPlace } from "./places";
import type { Session } from "./session";
import { Workspace } from "./workspace";

export class Desk {
  readonly api: Api;
  readonly workspace: Workspace;
  readonly inbox: Inbox;
  readonly socket: InboxSocket;
  readonly actions: ConversationActions;
  readonly drafts: DraftStore;
  readonly keys = new Keys();

  constructor(readonly session: Session) {
    this.api = new Api(session);
    const needs = {
      members: "readMembers",
      teams: "readMembers",
      tags: "readSettings",
      canned: "readSettings",
      bots: "readBots",
    } as const;
    this.workspace = new Workspace(this.api, (list) => this.may(needs[list]));
    this.inbox = new Inbox(this.api, this.me.id);
    this.drafts = new DraftStore(this.api);
    this.actions = new ConversationActions(this.api, this.inbox, this.workspace);
    this.socket = new InboxSocket(this.api, session, {
      head: (head) => this.inbox.take(head),
      reconnected: () => void this.inbox.reload(),
      refused: (title) => toast(title, true),
    });
  }

  get me() {
    const { user, tenant_id, role, tenants = [] } = this.session.info ?? {};
    return {
      id: user?.id ?? "",
      name: user?.name ?? "",
      email: user?.email ?? "",
      tenantId: tenant_id ?? "",
      role: role ?? null,
      workspace: tenants.find(({ id }) => id === tenant_id)?.name ?? "",
    };
  }

  may(action: Action): boolean {
    return may(this.me.role, action);
  }

  /** Opens the socket and loads the lists. */
  start(): void {
    if (!this.may("readConversations")) return;
    this.socket.start();
    void this.inbox.start(readPlace().view);
    this.workspace.want("members", "teams", "tags", "canned", "bots");
  }

  stop(): void {
    this.socket.stop();
  }
}
