const ATOM = "[\\w!#$%&'*+/=?^`{|}~-]+"
const LABEL = "[a-z\\d](?:[a-z\\d-]*[a-z\\d])?"
const ADDRESS = `${ATOM}(?:\\.${ATOM})*@${LABEL}(?:\\.${LABEL})+`
/** Quoted, or of words that need no quotes. */
const NAME = `(?:"[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]*"|${ATOM}(?: +${ATOM})*)`

const SENDER = new RegExp(`^(?:${ADDRESS}|(?:${NAME} *)?<${ADDRESS}>)$`, "iu")

/**
 * Whether SES takes it for a sender, once it is verified: an address, or a name with one. Stricter than RFC 5322, since SES
 * says of an address only what is wrong, not whose it is: with a sender that is surely right, it is the recipient's.
 */
export const isSender = (text: string): boolean => SENDER.test(text)
