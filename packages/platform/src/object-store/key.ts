const MAX_LENGTH = 512
const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/u

/** Whether a key is one: plain segments, so that none can name a place outside the store, or a hidden or temporary file. */
export const isKey = (key: string): boolean =>
  key.length <= MAX_LENGTH && key.split("/").every((segment) => SEGMENT.test(segment))

/** The key, or a defect: keys are made by our own code. */
export const checkKey = (key: string): string => {
  if (!isKey(key)) throw new Error(`${JSON.stringify(key.slice(0, 100))} is no object key`)
  return key
}
