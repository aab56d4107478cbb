/** `npm run kills`. */
throw new Error("not built yet");
