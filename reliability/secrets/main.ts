/** `npm run secrets`. */
throw new Error("not built yet");
