import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** What a second listener of a Kafka shows of itself, and whom it lets in, by PLAIN and by SCRAM-SHA-512. */
export interface KafkaSecurity {
  readonly certificateFile: string
  readonly keyFile: string
  readonly username: string
  readonly password: string
}

/** The lines of server.properties for it; its key and certificate are put into the server's folder, in one file. */
export const securityOf = (folder: string, secured: KafkaSecurity): ReadonlyArray<string> => {
  const { certificateFile, keyFile, password, username } = secured
  const keystore = join(folder, "keystore.pem")
  writeFileSync(keystore, `${readFileSync(keyFile, "utf8")}${readFileSync(certificateFile, "utf8")}`, { mode: 0o600 })
  const modules = "org.apache.kafka.common.security"
  return [
    `listener.name.secure.ssl.keystore.type=PEM`,
    `listener.name.secure.ssl.keystore.location=${keystore}`,
    `listener.name.secure.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512`,
    `listener.name.secure.plain.sasl.jaas.config=${modules}.plain.PlainLoginModule required user_${username}="${password}";`,
    `listener.name.secure.scram-sha-512.sasl.jaas.config=${modules}.scram.ScramLoginModule required;`
  ]
}

/** Users of SCRAM are kept in Kafka's own storage, from its formatting on. */
export const usersOf = (secured: KafkaSecurity | undefined): ReadonlyArray<string> =>
  secured === undefined ? [] : ["--add-scram", `SCRAM-SHA-512=[name=${secured.username},password=${secured.password}]`]
