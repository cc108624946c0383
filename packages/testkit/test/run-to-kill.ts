// The beginning of a test run: its server is there when this says so.
import setup from "../src/global-setup.ts"

await setup({ provide: () => process.stdout.write("running\n") })
setInterval(() => undefined, 1_000)
