/**
 * Holdfast's sync server: WebSocket over TLS, PostgreSQL or SQLite, permissions, users and their keys.
 *
 * @module
 */
export * from "./auth/index.ts";
