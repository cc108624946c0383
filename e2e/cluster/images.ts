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

/** Under a name that always means the same: ours is called by what is in it, the others by their version. */
const isInNode = (names: ReadonlyArray<string>, image: string): boolean =>
  image !== "flowforge:dev" &&
  ["", "docker.io/", "docker.io/library/"].some((registry) => names.includes(registry + image))

/** Loads into the cluster's node what this machine has and the node has not; the node pulls the rest by itself. */
export const loadImages = async (cluster: string, images: ReadonlyArray<string>): Promise<void> => {
  const list = ["exec", `${cluster}-control-plane`, "ctr", "--namespace=k8s.io", "images", "list", "--quiet"]
  const names = ((await attempt("docker", list)) ?? "").split("\n")
  const wanted = images.filter((image) => !isInNode(names, image))
  const here = await Promise.all(wanted.map((image) => attempt("docker", ["image", "inspect", image])))
  const local = wanted.filter((_, at) => here[at] !== undefined)
  if (local.length > 0) await run("kind", ["load", "docker-image", "--name", cluster, ...local])
}

/** The same image under another tag. Where there is no Docker engine to do it with, the image itself. */
export const renamed = async (image: string, tag: string): Promise<string> => {
  const next = `flowforge:${tag}`
  return (await attempt("docker", ["tag", image, next])) === undefined ? image : next
}

/** Takes the other tag away again. */
export const forget = (tag: string) => attempt("docker", ["rmi", `flowforge:${tag}`])
