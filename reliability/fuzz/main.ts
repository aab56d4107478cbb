/** `npm run fuzz`. */
throw new Error("not built yet");
