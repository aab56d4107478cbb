/**
 * Notes to begin with.
 *
 * @module
 */

/** Title and body of each, newest first. */
export const SAMPLES: readonly { readonly title: string; readonly body: string; readonly isPinned?: boolean }[] = [
  {
    title: "Ferry to Inishmore",
    body: "Sailing at 10:30 from Rossaveel, shuttle bus leaves Galway 90 minutes before.\n\nBring: rain jacket, the good camera, cash for the bike rental (they said the card reader is broken until June).\n\nBooking reference: HQ7-2281-K",
    isPinned: true,
  },
  { title: "Interview questions for Thursday", body: "What did they have to give up to ship on time?\nWho decides what is “done”?\nAsk Amira about the migration that went wrong, and what they measured afterwards." },
  { title: "Sourdough, third attempt", body: "75% hydration, 12 h cold. Shorter bulk: four hours at 24 °C was too long last time.\n\nOven at 250 °C with steam for 20 min, then 210 °C." },
  { title: "Gift ideas", body: "Mum: the blue enamel pot, or the pottery course in March.\nJonas: head torch. The old one leaks." },
  { title: "Books", body: "The Sea Around Us\nA Field Guide to Getting Lost\nSeaweeds of the North Atlantic (library, due 4 Feb)" },
];
