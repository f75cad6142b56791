/** The application: its screens arrive with the next change. */
export function App() {
  return <h1>Headrace</h1>;
}
