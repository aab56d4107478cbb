/**
 * Holdfast's sync client: users, sessions, subscriptions; local writes never wait for the network.
 *
 * @module
 */
export { Connection } from "./session/connection.ts";
