import { spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync } from "node:fs"
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect } from "effect"
import { cacheFolder } from "../server/cache.ts"

/** Where Kafka's classes are. */
export interface KafkaProgram {
  readonly classPath: string
}

const VERSION = "4.3.1"

/** Of the names and contents of all jars: that they are the ones these tests were seen with. */
const CHECKSUM = "929899bc0205a413e019af82b4ea9cd72ca842beec55d2912c6e09780eb2d3d6"

/** What a test says when it is skipped. */
export const KAFKA_MISSING = `no Kafka ${VERSION}: install Java 17 or newer and Maven (apt-get install openjdk-17-jre-headless maven, brew install openjdk maven) so that java and mvn are on the PATH`

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>flowforge</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${VERSION}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`

const hasJava = (): boolean => {
  const { stderr, status } = spawnSync("java", ["-version"], { encoding: "utf8" })
  return status === 0 && Number(/version "(\d+)/u.exec(stderr)?.[1] ?? 0) >= 17
}

/** Kafka from Maven Central, in the cache folder. Undefined where Java is missing, or Maven at the first time. */
export const findKafka: Effect.Effect<KafkaProgram | undefined> = Effect.gen(function* () {
  if (!hasJava()) return undefined
  const cache = yield* cacheFolder
  return yield* Effect.promise(async () => {
    const folder = join(cache, `kafka-${VERSION}`)
    if (!existsSync(folder)) await installInto(cache, folder)
    return existsSync(folder) ? { classPath: join(folder, "*") } : undefined
  })
})

/** Built beside and renamed when whole: several test files may look at the same time. */
const installInto = async (cache: string, folder: string): Promise<void> => {
  await mkdir(cache, { recursive: true })
  const beside = await mkdtemp(`${folder}.`)
  try {
    await writeFile(join(beside, "pom.xml"), POM)
    if (!(await copyJars(beside))) return
    const jars = join(beside, "jars")
    const checksum = await checksumOf(jars)
    if (checksum !== CHECKSUM) throw new Error(`Kafka ${VERSION} is not what it was: its jars have ${checksum}`)
    // Another test file may have been faster, whose folder is as good.
    await rename(jars, folder).catch(() => {})
  } finally {
    await rm(beside, { recursive: true, force: true })
  }
}

const copyJars = (folder: string): Promise<boolean> =>
  new Promise((done) => {
    const goal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
    const settings = ["-DincludeScope=runtime", "-DoutputDirectory=jars"]
    const maven = spawn("mvn", ["-q", "-B", "--strict-checksums", goal, ...settings], {
      cwd: folder,
      stdio: "ignore",
      timeout: 180_000
    })
    maven.once("error", () => done(false))
    maven.once("exit", (code) => done(code === 0))
  })

const checksumOf = async (folder: string): Promise<string> => {
  const all = createHash("sha256")
  for (const name of (await readdir(folder)).toSorted()) {
    all.update(
      `${name} ${createHash("sha256")
        .update(await readFile(join(folder, name)))
        .digest("hex")}\n`
    )
  }
  return all.digest("hex")
}
