/** The smallest UUID v7 of a moment (milliseconds since 1970): every order accepted before it has a smaller id. */
export const idAt = (millis: number): string => {
  const time = Math.max(0, Math.floor(millis)).toString(16).padStart(12, "0")
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`
}
