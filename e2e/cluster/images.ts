import { attempt, run } from "./run.ts"
import { root } from "./settings.ts"

const DIGITS = 12

/** Builds the image from this checkout. Its tag is what is in it, so that what changed is rolled out and nothing else is. */
export const buildImage = async (): Promise<string> => {
  const id = (await run("docker", ["build", "--quiet", "--target", "runtime", "."], { cwd: root })).trim()
  const image = `flowforge:${id.replace("sha256:", "").slice(0, DIGITS)}`
  await run("docker", ["tag", id, image])
  return image
}

/** Loads into the cluster's node what this machine has; the node pulls the rest by itself. */
export const loadImages = async (cluster: string, images: ReadonlyArray<string>): Promise<void> => {
  const here = await Promise.all(images.map((image) => attempt("docker", ["image", "inspect", image])))
  const local = images.filter((_, at) => here[at] !== undefined)
  if (local.length > 0) await run("kind", ["load", "docker-image", "--name", cluster, ...local])
}

/** The same image under another tag. Where there is no Docker engine to do it with, the image itself. */
export const renamed = async (image: string, tag: string): Promise<string> => {
  const next = `flowforge:${tag}`
  return (await attempt("docker", ["tag", image, next])) === undefined ? image : next
}
