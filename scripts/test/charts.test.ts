import { assert, describe, it } from "@effect/vitest"
import { missing, namedTwice, notRestricted, podsOf, Refused, render, type Rendered } from "./helm.ts"

const OPERATOR = ["--set", "image=flowforge:dev"]
const PRODUCTION = ["--values", "charts/flowforge/examples/production.yaml"]
const SMALL = ["--values", "charts/flowforge/examples/dependencies.yaml", "--set", "pipeline.image=flowforge:dev"]

const names = (objects: ReadonlyArray<Rendered>, kind: string) =>
  objects.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name)

const one = (objects: ReadonlyArray<Rendered>, kind: string): Rendered => {
  const found = objects.filter((object) => object.kind === kind)
  assert.strictEqual(found.length, 1, `one ${kind}`)
  return found[0]!
}

for (const helm of ["helm", "helm3"]) {
  const why = missing(helm)
  describe.skipIf(why !== undefined)(`the charts with ${helm}${why === undefined ? "" : ` (${why})`}`, () => {
    const everything = () =>
      [
        render(helm, "flowforge-crds"),
        render(helm, "flowforge-operator", ...OPERATOR, "--set", "env.LOG_LEVEL=Debug,monitoring.podMonitor=true"),
        render(helm, "flowforge-operator", ...OPERATOR, "--set", "watchNamespace=shop"),
        render(helm, "flowforge", ...PRODUCTION),
        render(helm, "flowforge", ...SMALL)
      ] as const

    it.each<[chart: string, values: string, refused: RegExp]>([
      ["flowforge", "pipeline.image=", /'\/pipeline\/image': minLength/u],
      ["flowforge", "pipeline.image=a b", /'\/pipeline\/image': 'a b' does not match/u],
      ["flowforge", "pipeline.servcies.api.replicas=1", /'\/pipeline': additional properties 'servcies' not allowed/u],
      [
        "flowforge",
        "pipeline.services.api.replicas=two",
        /'\/pipeline\/services\/api\/replicas': got string, want integer/u
      ],
      [
        "flowforge",
        "pipeline.services.web.replicas=1",
        /'\/pipeline\/services': additional properties 'web' not allowed/u
      ],
      [
        "flowforge",
        "pipeline.postgresql.url.value=postgres://u:p@h/d",
        /'\/pipeline\/postgresql\/url': additional properties 'value' not allowed/u
      ],
      ["flowforge", "pipeline.kafka.brokers.secretKeyRef.name=x", /'\/pipeline\/kafka\/brokers'/u],
      [
        "flowforge",
        "pipeline.topicPolicy=Maybe",
        /'\/pipeline\/topicPolicy': value must be one of 'Manage', 'Verify'/u
      ],
      ["flowforge", "expose.type=LoadBalancer", /'\/expose\/type': value must be one of/u],
      ["flowforge", "expose.type=Ingress", /'\/expose\/ingress\/host'/u],
      ["flowforge", "expose.type=HTTPRoute", /'\/expose\/httpRoute\/parentRefs'/u],
      ["flowforge", "networkpolicy.enabled=true", /additional properties 'networkpolicy' not allowed/u],
      ["flowforge-operator", "image=", /'\/image': minLength/u],
      ["flowforge-operator", "replicas=two", /'\/replicas': got string, want integer/u],
      ["flowforge-operator", "logLevel=loud", /'\/logLevel': value must be one of/u],
      ["flowforge-operator", "env.log-level=Debug", /'\/env': additional properties 'log-level' not allowed/u]
    ])("%s refuses %s, and says where", (chart, values, refused) => {
      const given = chart === "flowforge" ? SMALL : OPERATOR
      assert.throws(() => render(helm, chart, ...given, "--set", values), Refused, refused)
    })

    it("no list has a name twice, and no object comes twice, so that server-side apply takes them", () => {
      for (const objects of everything()) {
        assert.deepStrictEqual(namedTwice(objects), [])
        const all = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`)
        assert.deepStrictEqual(all.toSorted(), [...new Set(all)].toSorted())
      }
    })

    it("every pod is restricted, has requests and a limit of memory, and only the operator has a token", () => {
      const pods = everything().flatMap(podsOf)
      assert.isAbove(pods.length, 4)
      assert.deepStrictEqual(pods.flatMap(notRestricted), [])
      for (const { name, spec } of pods) {
        assert.strictEqual(spec.automountServiceAccountToken, name === "store-operator", name)
        for (const { resources } of spec.containers) {
          assert.hasAllKeys(resources.requests, ["cpu", "memory"])
          assert.hasAnyKeys(resources.limits, ["memory"])
        }
      }
    })

    it("nothing secret is in what they make: no Secret, and no credentials by value", () => {
      const objects = everything().flat()
      assert.deepStrictEqual(names(objects, "Secret"), [])
      const { spec } = one(render(helm, "flowforge", ...PRODUCTION), "OrderPipeline")
      assert.deepStrictEqual(Object.keys(spec.postgresql.url), ["secretKeyRef"])
      assert.deepStrictEqual(Object.keys(spec.kafka.sasl.password), ["secretKeyRef"])
    })

    it("the pipeline is what the values say, with the ServiceAccount that the chart makes", () => {
      const objects = render(
        helm,
        "flowforge",
        ...PRODUCTION,
        "--set",
        "pipeline.podTemplate.metadata.labels.team=shop"
      )
      const { metadata, spec } = one(objects, "OrderPipeline")
      assert.strictEqual(metadata.name, "store")
      assert.strictEqual(spec.podTemplate.spec.serviceAccountName, one(objects, "ServiceAccount").metadata.name)
      assert.deepStrictEqual(spec.podTemplate.metadata.labels, { team: "shop" })
      assert.deepStrictEqual(spec.services.order, { replicas: 2 })
    })

    it.each([
      [["--set", "publicUrl=https://shop.example.com"], "https://shop.example.com"],
      [["--set", "expose.type=Ingress,expose.ingress.host=shop.example.com"], "http://shop.example.com"],
      [PRODUCTION, "https://orders.example.com"],
      [[], undefined]
    ])("links in mails begin with the address that customers have (%s)", (values, url) => {
      const { spec } = one(render(helm, "flowforge", ...SMALL, ...values), "OrderPipeline")
      assert.strictEqual(spec.services.notification.env?.NOTIFICATION_PUBLIC_URL?.value, url)
      assert.isUndefined(spec.services.api.env)
    })

    it("an autoscaled process has no replicas beside the autoscaler", () => {
      const { spec } = one(render(helm, "flowforge", ...PRODUCTION), "OrderPipeline")
      assert.deepStrictEqual(Object.keys(spec.services.api), ["autoscaling"])
    })

    it.each([
      ["None", [], []],
      ["NodePort", ["--set", "expose.nodePort.port=30080"], ["Service store-outside"]],
      ["Ingress", ["--set", "expose.ingress.host=shop.example.com"], ["Ingress store"]],
      ["HTTPRoute", ["--set", "expose.httpRoute.parentRefs[0].name=gateway"], ["HTTPRoute store"]]
    ])("exposed as %s, the API has that road and no other", (type, values, roads) => {
      const objects = render(helm, "flowforge", ...SMALL, "--set", `expose.type=${type}`, ...values)
      const found = objects.filter(({ kind }) => ["Service", "Ingress", "HTTPRoute"].includes(kind))
      assert.deepStrictEqual(
        found.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
        roads
      )
    })

    it("no NetworkPolicy unless asked for; then the management port is for the operator and who is named", () => {
      assert.deepStrictEqual(names(render(helm, "flowforge", ...SMALL), "NetworkPolicy"), [])
      const { spec } = one(render(helm, "flowforge", ...PRODUCTION), "NetworkPolicy")
      const [management, open] = spec.ingress
      assert.strictEqual(management.ports[0].port, "management")
      assert.strictEqual(management.from.length, 2)
      assert.deepStrictEqual(open, { ports: [{ port: "public", protocol: "TCP" }] })
    })

    it("an operator of one namespace asks for nothing of the whole cluster", () => {
      const values = ["--set", "watchNamespace=shop,aggregateRoles=false"]
      const objects = render(helm, "flowforge-operator", ...OPERATOR, ...values)
      assert.deepStrictEqual(
        objects.filter(({ kind }) => kind.startsWith("ClusterRole")),
        []
      )
      assert.includeMembers(names(objects, "Role"), ["store-operator"])
    })

    it("the operator may do nothing with everything, and changes no Secret", () => {
      const roles = render(helm, "flowforge-operator", ...OPERATOR).filter(({ kind }) => kind.endsWith("Role"))
      const rules = roles.flatMap(({ rules }) => rules as ReadonlyArray<Record<string, ReadonlyArray<string>>>)
      assert.notInclude(
        rules.flatMap(({ apiGroups, resources, verbs }) => [apiGroups, resources, verbs].flat()),
        "*"
      )
      const secrets = rules.filter(({ resources }) => resources!.includes("secrets"))
      assert.deepStrictEqual(
        secrets.map(({ verbs }) => verbs),
        [["get"]]
      )
    })

    it("the definitions are kept when their chart is uninstalled", () => {
      for (const { metadata } of render(helm, "flowforge-crds") as ReadonlyArray<any>) {
        assert.strictEqual(metadata.annotations["helm.sh/resource-policy"], "keep")
      }
    })
  })
}
