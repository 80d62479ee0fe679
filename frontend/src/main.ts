import "element-plus/theme-chalk/base.css";
import "element-plus/theme-chalk/el-button.css";
import "element-plus/theme-chalk/el-dialog.css";
import "element-plus/theme-chalk/el-form.css";
import "element-plus/theme-chalk/el-input.css";
import "element-plus/theme-chalk/el-overlay.css";
import "./shell/tokens.css";
import "./shell/components.css";
import "./shell/page.css";
import { createApp } from "vue";
import App from "./App.vue";

createApp(App).mount("#app");
