/** `npm run simulate`. */
throw new Error("not built yet");
