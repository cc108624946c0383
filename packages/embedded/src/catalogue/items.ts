/** An item of the shop: its name, its price in cents, and how many pieces the shop opens with. */
export interface CatalogueItem {
  readonly id: number
  readonly name: string
  readonly price: number
  readonly stock: number
}

const PLENTY = 1_000_000
const MUCH = 100_000

type Row = readonly [name: string, price: number, stock: number]

const rows: ReadonlyArray<Row> = [
  // For the examples and load tests: these do not run dry.
  ["Ballpoint pen, blue", 190, PLENTY],
  ["Notebook A5, dotted", 890, PLENTY],
  ["USB-C cable, 1 m", 1290, PLENTY],
  ["AA batteries, pack of 8", 749, PLENTY],
  ["Coffee beans, 1 kg", 1895, PLENTY],
  ["Green tea, 100 g", 650, PLENTY],
  ["Dark chocolate 70%, 100 g", 329, PLENTY],
  ["Olive oil, 0.75 l", 1149, PLENTY],
  ["Dish brush, beech wood", 499, PLENTY],
  ["Cotton tote bag", 990, PLENTY],
  ["Sticky notes, 12 blocks", 1190, MUCH],
  ["Fountain pen, fine", 3490, MUCH],
  ["Desk lamp, dimmable", 4990, MUCH],
  ["Wireless mouse", 2799, MUCH],
  ["Mechanical keyboard", 8990, MUCH],
  ["Laptop stand, aluminium", 3990, MUCH],
  ["Webcam, 1080p", 5490, MUCH],
  ["Headphones, over-ear", 12900, MUCH],
  ["Earbuds, wireless", 7990, MUCH],
  ["Bluetooth speaker", 5990, MUCH],
  ["Power bank, 10,000 mAh", 2990, MUCH],
  ["Phone case, clear", 1490, MUCH],
  ["Screen protector, 2 pieces", 1290, MUCH],
  ["SSD, 1 TB, external", 9990, MUCH],
  ["Memory card, 128 GB", 1990, MUCH],
  ["HDMI cable, 2 m", 1190, MUCH],
  ["Extension lead, 5 sockets", 1890, MUCH],
  ["LED bulb E27, 3 pieces", 1090, MUCH],
  ["Coffee mug, stoneware", 1290, MUCH],
  ["Espresso cups, set of 4", 2490, MUCH],
  ["French press, 1 l", 2790, MUCH],
  ["Electric kettle, 1.7 l", 3990, MUCH],
  ["Toaster, 2 slots", 4490, MUCH],
  ["Chef's knife, 20 cm", 6990, MUCH],
  ["Cutting board, oak", 3490, MUCH],
  ["Frying pan, cast iron, 28 cm", 4990, MUCH],
  ["Water bottle, steel, 0.75 l", 2490, MUCH],
  ["Lunch box, steel", 2290, MUCH],
  ["Kitchen scale", 1990, MUCH],
  ["Tea towels, linen, 3 pieces", 1790, MUCH],
  ["Bath towel, cotton", 1990, MUCH],
  ["Bed linen, 135 × 200 cm", 5990, MUCH],
  ["Wool blanket", 7990, MUCH],
  ["Cushion, 40 × 40 cm", 1990, MUCH],
  ["Scented candle, cedar", 1690, MUCH],
  ["Picture frame, 30 × 40 cm", 1890, MUCH],
  ["Running socks, 3 pairs", 1790, MUCH],
  ["Rain jacket", 8990, MUCH],
  ["Knitted hat, merino", 2990, MUCH],
  ["Leather belt", 3990, MUCH],
  ["Backpack, 20 l", 6990, MUCH],
  ["Umbrella, folding", 2490, MUCH],
  ["Yoga mat", 3490, MUCH],
  ["Skipping rope", 1290, MUCH],
  ["Bicycle light set", 2990, MUCH],
  ["Bicycle lock", 4490, MUCH],
  ["Puzzle, 1,000 pieces", 1690, MUCH],
  ["Board game: The Harbour Master", 3990, MUCH],
  ["Playing cards", 690, MUCH],
  ["Wall calendar, next year", 1490, MUCH],
  // Scarce: these run dry.
  ["Vinyl record, signed, limited edition", 4900, 12],
  ["Art print, numbered, of 20", 12000, 20],
  ["Hand-thrown vase, one of a few", 18500, 3],
  ["Concert tickets, front row", 14900, 8],
  ["Games console, launch edition", 49900, 15],
  ["Mechanical watch, refurbished", 89000, 4]
]

/** What the shop sells; ids count from 1 and never change: new items go to the end. */
export const catalogueItems: ReadonlyArray<CatalogueItem> = rows.map(([name, price, stock], index) => ({
  id: index + 1,
  name,
  price,
  stock
}))
