/** Shows the network in the container. */
export function mountInspection(container, network, samples) {
  container.textContent = `${network.title}: ${samples.labels.length} images`;
}
