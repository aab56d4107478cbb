/** `npm run attacks`. */
throw new Error("not built yet");
