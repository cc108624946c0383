import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"

/** A certificate for localhost that signed itself, with its key, in the folder; made by openssl. */
export const selfSigned = (folder: string) => {
  const certificateFile = join(folder, "server.crt")
  const keyFile = join(folder, "server.key")
  const { error, status, stderr } = spawnSync(
    "openssl",
    [
      ["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2"],
      ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
      ["-keyout", keyFile, "-out", certificateFile]
    ].flat(),
    { encoding: "utf8" }
  )
  if (status !== 0) throw new Error(`openssl, which has to be on the PATH, made no certificate: ${error ?? stderr}`)
  return { certificateFile, keyFile, certificate: readFileSync(certificateFile, "utf8") }
}
