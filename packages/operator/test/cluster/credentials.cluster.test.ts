import { execFile } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { connect } from "../../src/kubernetes/connection.ts"
import { ofPod } from "../../src/kubernetes/credentials.ts"
import { Kinds, Kubernetes } from "../../src/kubernetes/index.ts"
import { make } from "../../src/kubernetes/kubernetes.ts"
import { apiServer, authority, context, describeCluster, onCluster, namespace } from "./harness.ts"

const run = promisify(execFile)

const tokenOf = (account: string, where: string) =>
  Effect.promise(() => run("kubectl", ["--context", context, "--namespace", where, "create", "token", account])).pipe(
    Effect.map(({ stdout }) => stdout.trim())
  )

describeCluster("an operator in a pod", () => {
  it.live("is its ServiceAccount, by the token that is in its folder now", () =>
    Effect.gen(function* () {
      const where = yield* namespace
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "flowforge-account-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true }))
      )
      writeFileSync(join(folder, "ca.crt"), authority())
      writeFileSync(join(folder, "token"), "not a token")
      const pod = make(connect(yield* Effect.promise(() => ofPod(apiServer().origin, folder))))
      const ask = Effect.flip(pod.list(Kinds.deployment, { namespace: where }))
      const unknown = yield* ask
      assert.strictEqual(unknown._tag === "Refused" && unknown.status, 401)

      const kubernetes = yield* Kubernetes
      yield* kubernetes.create({
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: "operator", namespace: where }
      })
      writeFileSync(join(folder, "token"), yield* tokenOf("operator", where))
      const refused = yield* ask
      assert.strictEqual(refused._tag === "Refused" && refused.reason, "Forbidden")
      assert.include(refused.message, `system:serviceaccount:${where}:operator`)
    }).pipe(onCluster)
  )
})
