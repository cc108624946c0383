import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { connect } from "../../src/kubernetes/connection.ts"
import { ofPod } from "../../src/kubernetes/credentials.ts"
import { Kinds } from "../../src/kubernetes/index.ts"
import { make } from "../../src/kubernetes/kubernetes.ts"
import { accountIn, apiServer, describeCluster, namespace, onCluster } from "./harness.ts"

describeCluster("an operator in a pod", () => {
  it.live("is its ServiceAccount, by the token that is in its folder now", () =>
    Effect.gen(function* () {
      const where = yield* namespace
      const folder = yield* accountIn(where, "operator")
      const token = readFileSync(join(folder, "token"), "utf8")
      writeFileSync(join(folder, "token"), "not a token")
      const pod = make(connect(yield* Effect.promise(() => ofPod(apiServer().origin, folder))))
      const ask = Effect.flip(pod.list(Kinds.deployment, { namespace: where }))
      const unknown = yield* ask
      assert.strictEqual(unknown._tag === "Refused" && unknown.status, 401)

      writeFileSync(join(folder, "token"), token)
      const refused = yield* ask
      assert.strictEqual(refused._tag === "Refused" && refused.reason, "Forbidden")
      assert.include(refused.message, `system:serviceaccount:${where}:operator`)
    }).pipe(onCluster)
  )
})
