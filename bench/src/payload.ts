/** What every contestant writes: 158 bytes of JSON. */
export const eventType = "ItemAdded";

export const eventData = {
  sku: "SKU-20447-B",
  quantity: 3,
  unitPrice: 12.5,
  currency: "EUR",
  customerId: "c-99118342",
  warehouse: "ams-2",
  note: "gift wrap, leave at the front door",
};
