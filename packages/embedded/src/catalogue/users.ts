/** A customer. A mail for every step goes to `email`; who has a phone gets a text message, too. */
export interface CatalogueUser {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly phone: string | null
}

/** Names as customers have them, beyond Latin-1 as well: receipts and mails must carry them unharmed. */
const names: ReadonlyArray<string> = `
Ada Okafor|Łukasz Wiśniewski|王小明|Ελένη Παπαδοπούλου|Nguyễn Thị Hương|José García Márquez|Søren Kjærgaard|Zoë O'Neill|Дмитрий Соколов|佐藤 花子
Priya Raghunathan|Mehmet Yıldız|Šárka Dvořáková|Björk Guðmundsdóttir|김민준|أمينة بن علي|Thulani Dlamini|Françoise Lefèvre|Jürgen Müller|Ioana Țurcanu
Liam Murphy|Olivia Bennett|Mateo Fernández|Chiara Rossi|Noah Schneider|Emma Lindqvist|Hugo Lambert|Ines Carvalho|Tomáš Novák|Zsófia Kovács
Aarav Sharma|Fatima Al-Sayed|Kwame Mensah|Amara Nwosu|Yusuf Demir|Leila Haddad|Omar Farouk|Siti Rahmawati|Budi Santoso|Maria Clara Reyes
北京书店 张伟|李娜|高橋 健太|鈴木 美咲|박서연|이지훈|Trần Văn Nam|Phạm Minh Châu|Somchai Prasert|Malee Srisuk
Γιώργος Νικολάου|Анна Кузнецова|Олена Шевченко|Иван Петров|Милица Јовановић|Ľubica Horváthová|Żaneta Kowalczyk|Paweł Jabłoński|Õnne Tamm|Jānis Bērziņš
Grace Thompson|Ethan Walker|Sophia Clarke|Jack Robinson|Charlotte Hughes|William Fraser|Isla Campbell|Rhys Llewellyn|Aoife Brennan|Cian Doyle
Lena Hoffmann|Felix Wagner|Anneliese Großmann|Matteo Bianchi|Giulia Conti|Camille Dubois|Lucas Moreau|Sofía Navarro|Álvaro Ibáñez|Lucía Peña
Beatriz Conceição|João Gonçalves|Rafael Araújo|Valentina Rojas|Diego Muñoz|Catalina Ñíguez|Astrid Åkesson|Nils Öberg|Mikkel Ørsted|Ingrid Sæther
Aino Mäkelä|Väinö Hämäläinen|Saoirse Ní Bhriain|Daniel Cohen|נועה לוי|Arjun Patel|अनन्या वर्मा|Chidi Eze|Wanjiru Kamau|Tendai Moyo
`
  .trim()
  .split(/[|\n]/u)

const decimal = (number: number, digits: number): string => String(number).padStart(digits, "0")

/** The id of the nth customer, counting from 1, in decimal digits so that it can be typed. */
export const userId = (number: number): string => `00000000-0000-7000-8000-${decimal(number, 12)}`

/** The customers, numbered from 1. Every third has a phone; the numbers are reserved for fiction. */
export const catalogueUsers: ReadonlyArray<CatalogueUser> = names.map((name, index) => {
  const number = index + 1
  return {
    id: userId(number),
    name,
    email: `customer${decimal(number, 3)}@example.${number % 2 === 0 ? "org" : "com"}`,
    phone: number % 3 === 0 ? `+120255501${decimal(number, 2)}` : null
  }
})
