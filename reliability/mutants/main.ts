/** `npm run mutants`. */
throw new Error("not built yet");
