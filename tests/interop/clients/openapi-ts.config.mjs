export default { input: "edge.json", output: { path: "client", module: { extension: ".js" } } };
