import "element-plus/theme-chalk/base.css";
import "element-plus/theme-chalk/el-button.css";
import "element-plus/theme-chalk/el-dialog.css";
import "element-plus/theme-chalk/el-drawer.css";
import "element-plus/theme-chalk/el-input.css";
import "element-plus/theme-chalk/el-message.css";
import "element-plus/theme-chalk/el-overlay.css";
import "element-plus/theme-chalk/el-switch.css";
import "@fontsource-variable/noto-sans-sc";
import "./shell/tokens.css";
import "./shell/components.css";
import "./shell/page.css";
import { createApp } from "vue";
import App from "./App.vue";
import { router } from "./shell/routes";

createApp(App).use(router).mount("#app");
