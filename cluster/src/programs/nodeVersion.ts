/** Says so when the Node that runs this is too old. Import it first: later imports may not even parse there. */
const OLDEST = 24

if (Number(process.versions.node.split(".")[0]) < OLDEST) {
  console.error(`rookery: Node ${OLDEST} or later is needed, this is ${process.version}; "npm start" and "npm run rookery" bring their own`)
  process.exit(1)
}
