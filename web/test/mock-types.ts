// Shapes that the mocks share.
import type { AddressInfo, Server } from "node:net";

// biome-ignore lint/suspicious/noExplicitAny: each route knows its own parameters, body and answer.
export type Route = [method: string, pattern: RegExp, handle: (...given: any[]) => any];

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

// biome-ignore lint/suspicious/noExplicitAny: mocks build their objects piece by piece.
export type Loose = any;
