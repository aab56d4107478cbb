import Realm from "@holdfast/realm";
import { Address, Car, Person } from "./models.ts";

export function runPeopleAndCars(path: string, print: (line: string) => void): void {
  const realm = new Realm({ path, schema: [Person, Car, Address] });

  const { ada, volvo } = realm.write(() => {
    const volvo = realm.create(Car, { make: "Volvo", model: "240", miles: 120_000 });
    const ada = realm.create(Person, {
      name: "Ada",
      birthday: new Date("1815-12-10T00:00:00.000Z"),
      address: { street: null, city: "London" },
      cars: [volvo, { make: "Saab", model: "900" }],
    });
    realm.create(Person, { name: "Grace", cars: [volvo] });
    return { ada, volvo };
  });

  print(`${ada.name} of ${ada.address?.city}, born ${ada.birthday?.getUTCFullYear()}, owns ${ada.cars.map((car) => car.make).join(" and ")}; car owner: ${ada.isCarOwner}`);
  print(`the ${volvo.make} belongs to ${volvo.owners.sorted("name").map((owner) => owner.name).join(" and ")}`);
  print(`people with a Saab: ${realm.objects(Person).filtered("ANY cars.make == 'Saab'").map((person) => person.name).join()}`);
  print(`people in London: ${realm.objects(Person).filtered("address.city ==[c] 'london'").length}`);
  print(`miles: ${realm.objects(Car).sum("miles")} in all, ${realm.objects(Car).max("miles")} at most, ${ada.cars.avg("miles")} on average for Ada`);

  realm.write(() => {
    const grace = realm.create(Person, { name: "Grace", address: { city: "New York" } }, Realm.UpdateMode.Modified);
    grace.cars.push(realm.create(Car, { make: "Ford", model: "Model T", miles: 3 }));
    for (const car of realm.objects(Car).filtered("miles > 100000")) car.miles += 1;
  });
  print(`Grace of ${realm.objectForPrimaryKey(Person, "Grace")?.address?.city}: ${realm.objectForPrimaryKey(Person, "Grace")?.cars.map((car) => `${car.make} ${car.miles}`).join(", ")}`);
  print(JSON.stringify(ada.address?.toJSON()));

  realm.write(() => realm.delete(volvo));
  print(`after the Volvo: ${ada.cars.map((car) => car.model).join()}; the object is valid: ${volvo.isValid()}`);
  try {
    print(volvo.make);
  } catch (error) {
    print((error as Error).message);
  }
  realm.close();
}
