// Draws the same graph with each peer; runs in the page of tests/bench/drawing.py, never in the product.

const WIDTH = 232;
const HEIGHT = 64;
const NAMESPACES = [
  'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"',
  'xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"',
  'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"',
  'xmlns:di="http://www.omg.org/spec/DD/20100524/DI"',
].join(" ");

function asBpmn(places, lines) {
  const tasks = places.map((place, n) => `<bpmn:task id="n${n}" name="${place.name}"/>`);
  const flows = lines.map(
    ([a, b], n) => `<bpmn:sequenceFlow id="e${n}" sourceRef="n${a}" targetRef="n${b}"/>`,
  );
  const boxes = places.map(
    ({ x, y }, n) =>
      `<bpmndi:BPMNShape id="s${n}" bpmnElement="n${n}">` +
      `<dc:Bounds x="${x}" y="${y}" width="${WIDTH}" height="${HEIGHT}"/></bpmndi:BPMNShape>`,
  );
  const ways = lines.map(
    ([a, b], n) =>
      `<bpmndi:BPMNEdge id="w${n}" bpmnElement="e${n}">` +
      `<di:waypoint x="${places[a].x + WIDTH}" y="${places[a].y + HEIGHT / 2}"/>` +
      `<di:waypoint x="${places[b].x}" y="${places[b].y + HEIGHT / 2}"/></bpmndi:BPMNEdge>`,
  );
  return (
    `<?xml version="1.0" encoding="UTF-8"?><bpmn:definitions ${NAMESPACES} id="d">` +
    `<bpmn:process id="p">${tasks.join("")}${flows.join("")}</bpmn:process>` +
    `<bpmndi:BPMNDiagram id="g"><bpmndi:BPMNPlane id="l" bpmnElement="p">` +
    `${boxes.join("")}${ways.join("")}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></bpmn:definitions>`
  );
}

const DRAW = {
  "bpmn-js": async (places, lines) => {
    const xml = asBpmn(places, lines);
    const began = performance.now();
    await new window.BpmnJS({ container: "#place" }).importXML(xml);
    return began;
  },
  LogicFlow: async (places, lines) => {
    const data = {
      nodes: places.map(({ x, y, name }, n) => ({
        id: `n${n}`,
        type: "rect",
        x: x + WIDTH / 2,
        y: y + HEIGHT / 2,
        text: name,
        properties: { width: WIDTH, height: HEIGHT },
      })),
      edges: lines.map(([a, b], n) => ({
        id: `e${n}`,
        type: "polyline",
        sourceNodeId: `n${a}`,
        targetNodeId: `n${b}`,
      })),
    };
    const found = window.Core ?? window.LogicFlow;
    const Library = found.default ?? found.LogicFlow ?? found;
    const began = performance.now();
    new Library({ container: document.getElementById("place"), grid: 10 }).render(data);
    return began;
  },
};

const FIRST = {
  "bpmn-js": () => document.querySelector('[data-element-id="n1"]'),
  LogicFlow: () => document.querySelectorAll(".lf-node")[1],
};

/** Milliseconds from the data in hand to two frames after it is drawn. */
window.__draw = async ([name, places, lines]) => {
  const began = await DRAW[name](places, lines);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - began;
};

/** Where to take hold of a node, or of nothing. */
window.__point = (name, empty) => {
  const box = FIRST[name]().getBoundingClientRect();
  return empty ? [box.right + 60, box.bottom + 40] : [box.x + box.width / 2, box.y + 12];
};
