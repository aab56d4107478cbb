import Realm from "@holdfast/realm";

export class Task extends Realm.Object<Task> {
  declare _id: Realm.BSON.ObjectId;
  declare description: string;
  declare isComplete: boolean;
  declare priority: number;
  declare createdAt: Date;
  declare tags: Realm.List<string>;

  static schema: Realm.ObjectSchema = {
    name: "Task",
    primaryKey: "_id",
    properties: {
      _id: { type: "objectId", default: () => new Realm.BSON.ObjectId() },
      description: "string",
      isComplete: { type: "bool", default: false, indexed: true },
      priority: { type: "int", default: 1 },
      createdAt: { type: "date", default: () => new Date() },
      tags: "string[]",
    },
  };
}

export class Address extends Realm.Object<Address> {
  declare street: string | null;
  declare city: string;

  static schema: Realm.ObjectSchema = {
    name: "Address",
    embedded: true,
    properties: { street: "string?", city: "string" },
  };
}

export class Person extends Realm.Object<Person> {
  declare name: string;
  declare birthday: Date | null;
  declare address: Address | null;
  declare cars: Realm.List<Car>;

  static schema: Realm.ObjectSchema = {
    name: "Person",
    primaryKey: "name",
    properties: {
      name: "string",
      birthday: "date?",
      address: "Address?",
      cars: "Car[]",
    },
  };

  get isCarOwner(): boolean {
    return this.cars.length > 0;
  }
}

export class Car extends Realm.Object<Car> {
  declare make: string;
  declare model: string;
  declare miles: number;
  declare owners: Realm.Results<Person>;

  static schema: Realm.ObjectSchema = {
    name: "Car",
    properties: {
      make: "string",
      model: "string",
      miles: { type: "int", default: 0 },
      owners: { type: "linkingObjects", objectType: "Person", property: "cars" },
    },
  };
}
