/**
 * A transport whose connections end at random, with what was under way lost or not.
 *
 * @module
 */
import type { Transport } from "../../src/index.ts";
import type { LinkFaults } from "./link.ts";

/** Puts faults over another transport. */
export function faulty(inner: Transport, faults: LinkFaults): Transport {
  return {
    connect(url, handlers) {
      let isOpen = true;
      const cut = (): void => {
        if (!isOpen) return;
        isOpen = false;
        // Half of the time the other end does not hear of it for a while.
        if (faults.random() < 0.5) connection.close();
        else setTimeout(() => connection.close(), 50);
        handlers.onClose("cut");
      };
      const isLast = (): boolean => faults.random() < faults.cut;
      let isSealed = false;
      const connection = inner.connect(url, {
        onOpen: () => isOpen && handlers.onOpen(),
        onMessage: (text) => {
          if (!isOpen) return;
          if (isLast()) cut();
          else handlers.onMessage(text);
        },
        onClose: (reason) => {
          if (!isOpen) return;
          isOpen = false;
          handlers.onClose(reason);
        },
      });
      return {
        send: (text) => {
          if (!isOpen || isSealed) return;
          isSealed = isLast();
          if (!isSealed || faults.random() < 0.5) connection.send(text);
          if (isSealed) setTimeout(cut, 0);
        },
        close: () => {
          isOpen = false;
          connection.close();
        },
      };
    },
  };
}
